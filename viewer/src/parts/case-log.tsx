// How the consult went around a case's clip, line by line; what happened on a frame leads to it.
//
// Shows what the file says that leaves, in words of ours: who is a role, when is a distance. Names, dates and what people typed never
// came over.

import { useEffect, useState } from "preact/hooks";
import { tc, tl } from "../i18n/case";
import { t } from "../i18n/i18n";
import type { CaseDesk } from "../net/cases";
import type { CaseAuthor, CaseLog, CaseLogEvent, CaseMade } from "../wire/case";
import { distanceOf } from "./case-log-time";

type ReadLog = {
  /** Nothing for a clip that has none, and while it is not here. */
  readonly log: CaseLog | null;
  /** Whether all that there is can be read. */
  readonly isHere: boolean;
  readonly failed: boolean;
  readonly again: () => void;
};

export function useLog(desk: CaseDesk, number: number, made: CaseMade): ReadLog {
  const { log: hasLog, digest } = made;
  // With the digest that it was asked for: what was made anew has another log.
  const [read, setRead] = useState<{ readonly of: string; readonly log: CaseLog } | null>(null);
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(1);
  useEffect(() => {
    if (!hasLog) return;
    const closing = new AbortController();
    const fails = () => {
      if (!closing.signal.aborted) setFailed(true);
    };
    desk.log(number, closing.signal).then((log) => setRead({ of: digest, log }), fails);
    return () => closing.abort();
  }, [desk, number, hasLog, digest, tries]);
  const again = () => {
    setFailed(false);
    setTries(tries + 1);
  };
  const log = hasLog && read !== null && read.of === digest ? read.log : null;
  return { log, isHere: !hasLog || log !== null, failed, again };
}

type Props = {
  readonly log: CaseLog;
  readonly at: number;
  readonly isOpen: boolean;
  readonly goes: (index: number) => void;
};

export function CaseLogLines({ log, at, isOpen, goes }: Props) {
  return (
    <details open={isOpen} data-testid="case-log">
      <summary>{tl("case.log")}</summary>
      <p class="quiet">{tl(`case.logStart.${log.from}`)}</p>
      <ol class="case__log">
        {log.lines.map(({ ms, by, frame, event }, index) => (
          <li key={index}>
            <span class="case__log-when">{distanceOf(ms)}</span>
            <span class="case__log-who">{who(by)}</span>
            <span class="case__log-what">{what(event)}</span>
            {frame !== null && (
              <button
                type="button"
                class="button button--quiet"
                aria-pressed={frame === at}
                data-testid="case-log-frame"
                onClick={() => goes(frame)}
              >
                {tc("case.frame", { frame: (frame as number) + 1 })}
              </button>
            )}
          </li>
        ))}
      </ol>
      {log.leftOut > 0 && <p class="quiet">{tl("case.logLeftOut", { count: log.leftOut })}</p>}
    </details>
  );
}

function who(by: CaseAuthor): string {
  switch (by.type) {
    case "device":
      return tl("case.logDevice");
    case "relay":
      return tl("case.logRelay");
    case "person": {
      const role = t(`role.${by.role}`);
      return by.number === 1 ? role : `${role} ${by.number}`;
    }
  }
}

function what(event: CaseLogEvent): string {
  switch (event.type) {
    case "marked": {
      const kind = tl(`case.logKind.${event.kind}`);
      return tl(event.again ? "case.logMarkedAgain" : "case.logMarked", { kind });
    }
    case "withdrawn":
      return tl("case.logWithdrawn", { kind: tl(`case.logKind.${event.kind}`) });
    case "seen": {
      const level = t(`badge.${event.level}`);
      const { ageMs } = event;
      return ageMs === null ? tl("case.logSeen", { level }) : tl("case.logSeenAge", { level, ms: ageMs });
    }
    default:
      return tl(`case.logEvent.${event.type}`);
  }
}
