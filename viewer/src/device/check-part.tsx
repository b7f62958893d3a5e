// The check before a visit, as it comes: shape, word, what was seen, and one thing to do.

import { useEffect } from "preact/hooks";
import type { CheckFinding, CheckLevel, DeviceCheck } from "../wire/check";
import { type Checks, verdict, wordOf } from "./check";
import { say } from "./say";

const SHAPES: Readonly<Record<CheckLevel, string>> = { good: "●", attention: "▲", bad: "■" };
/** Colours are those of the state above. */
const COLOURS: Readonly<Record<CheckLevel, string>> = { good: "good", attention: "care", bad: "stop" };
const SECOND_MS = 1_000;

export function CheckPart({ checks }: { checks: Checks }) {
  const check = checks.last.value;
  const running = check?.running ?? false;
  useEffect(() => void checks.look(), [checks]);
  return (
    <section class="part part--open check" aria-label={say("check")} data-testid="check">
      <h2 class="check__head">{say("check")}</h2>
      <p class="quiet">{say("check.how")}</p>
      <button
        type="button"
        class="button"
        disabled={running}
        onClick={() => void checks.begin()}
        data-testid="check-begin"
      >
        {say("check.begin")}
      </button>
      {check !== null && check.findings.length > 0 && (
        <dl class="status">
          {check.findings.map((finding) => (
            <Line key={finding.what} finding={finding} />
          ))}
        </dl>
      )}
      <p role="status">{state(check, checks.failed.value)}</p>
    </section>
  );
}

function state(check: DeviceCheck | null, failed: boolean): string {
  if (failed) return say("check.failed");
  if (check === null) return "";
  if (check.running) return say("check.running");
  if (check.tookMs === null) return "";
  const seconds = (check.tookMs / SECOND_MS).toFixed(1);
  const level = verdict(check);
  return `${SHAPES[level]} ${say(`check.verdict.${level}`)} ${say("check.took", { seconds })}`;
}

function Line({ finding }: { finding: CheckFinding }) {
  const { what, level, action } = finding;
  return (
    <div class="status__row" data-level={COLOURS[level]} data-check={`${what} ${level}`}>
      <dt>{say(`check.what.${what}`)}</dt>
      <dd>
        <span class="status__shape" aria-hidden="true">
          {SHAPES[level]}
        </span>{" "}
        {say(`check.level.${level}`)} <span class="quiet">{seen(finding)}</span>
        {action !== null && <span class="check__action">{say(`check.action.${action}`)}</span>}
      </dd>
    </div>
  );
}

function seen({ says }: CheckFinding): string {
  return say(`check.says.${wordOf(says)}`, says as unknown as Readonly<Record<string, string | number>>);
}
