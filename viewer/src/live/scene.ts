// Puts together what stands over the picture at this moment.
//
// Pure apart from reading signals: log, outbox, presence and the own hand become one scene for the stage. Called by
// `desk.ts` whenever one of them changes. Invariant: over a frozen frame stand only the marks of that frame.

import { sameFrame } from "../marks/visible";
import { personLook } from "../stage/pens";
import { fromWire } from "../stage/points";
import type { Scene, ScenePointer, SceneSketch } from "../stage/stage";
import type { AnnotationId } from "../wire/ids";
import type { Anchor } from "../wire/mark";
import type { MarkState } from "../wire/socket";
import type { Consult } from "./consult";
import type { DrawingHand } from "./hand";
import { valueWords } from "./measure-words";
import type { Measuring } from "./measuring";

export function composeScene(
  consult: Consult,
  hand: DrawingHand,
  marks: readonly MarkState[],
  frozenOn: Anchor | null,
  staleTag: string,
): Scene {
  const drawing = hand.drawing.value;
  const cursor = hand.cursor.value;
  const { measuring } = hand.host;
  const draft = measuring.draft.value;
  const task = measuring.task.value;
  const own: SceneSketch[] = drawing === null ? [] : [{ ...drawing, by: null }];
  return {
    marks,
    selected: hand.selected.value,
    sketches: [...othersSketches(consult, frozenOn), ...own],
    pointers: pointers(consult),
    cursor: cursor === null ? null : { at: cursor, drawing: drawing !== null },
    staleTag,
    values: valuesOf(measuring, marks),
    measuring:
      draft === null
        ? null
        : {
            form: task.type === "measure" ? task.what.type : "caliper",
            pen: hand.pen.value,
            points: draft.points,
            active: draft.active,
            words: measuring.isOn ? valueWords(measuring.answerNow.value) : null,
          },
  };
}

/** The values beside measuring marks, by mark. */
export function valuesOf(
  measuring: Measuring,
  marks: readonly MarkState[],
): ReadonlyMap<AnnotationId, string> {
  const values = new Map<AnnotationId, string>();
  for (const held of marks) {
    const words = valueWords(measuring.answerOf(held));
    if (words !== null) values.set(held.mark.id, words);
  }
  return values;
}

function othersSketches(consult: Consult, frozenOn: Anchor | null): SceneSketch[] {
  const people = new Map(consult.people.value.map((person) => [person.session, person.name]));
  const finished = new Set(consult.replica.value.state.marks.map((held) => held.mark.id));
  return [...consult.sketches.value.values()]
    .filter((sketch) => !finished.has(sketch.mark))
    .filter((sketch) => frozenOn === null || sameFrame(sketch.anchor, frozenOn))
    .map((sketch) => ({
      form: sketch.form,
      pen: sketch.pen,
      points: sketch.points.map(fromWire),
      by: people.get(sketch.session) ?? null,
    }));
}

function pointers(consult: Consult): ScenePointer[] {
  const people = new Map(consult.people.value.map((person) => [person.session, person]));
  const shown: ScenePointer[] = [];
  for (const pointer of consult.pointers.value.values()) {
    const person = people.get(pointer.session);
    if (pointer.at === null || person === undefined || person.session === consult.grant.session) continue;
    shown.push({
      ...personLook(person.person),
      name: person.name,
      initials: person.initials,
      at: fromWire(pointer.at),
    });
  }
  return shown;
}
