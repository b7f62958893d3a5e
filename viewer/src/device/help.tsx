// The keys, and learning those of a foot switch.

import { type Act, footKeys, learning, setFootKey } from "./keys";
import { say } from "./say";

export function HelpPart() {
  return (
    <details class="part">
      <summary class="part__head">{say("help")}</summary>
      <dl class="keylist">
        <dt>{say("help.freeze")}</dt>
        <dd>
          <kbd>Space</kbd> <kbd>F</kbd>
        </dd>
        <dt>{say("help.save")}</dt>
        <dd>
          <kbd>Enter</kbd> <kbd>S</kbd>
        </dd>
      </dl>
      <h2>{say("help.foot")}</h2>
      <p class="quiet">{say("help.footMore")}</p>
      <FootKey act="save" name={say("help.save")} />
      <FootKey act="freeze" name={say("help.freeze")} />
      <p class="quiet">{say("help.limits")}</p>
    </details>
  );
}

function FootKey({ act, name }: { act: Act; name: string }) {
  const { [act]: key } = footKeys.value;
  return (
    <p class="part__row footkey">
      <span>
        {name}: <kbd>{key ?? say("help.noKey")}</kbd>
      </span>
      <button
        type="button"
        class="button"
        aria-label={`${name}: ${say(learning.value === act ? "help.learning" : "help.learn")}`}
        onClick={() => {
          learning.value = act;
        }}
      >
        {say(learning.value === act ? "help.learning" : "help.learn")}
      </button>
      {key !== null && (
        <button
          type="button"
          class="button button--quiet"
          aria-label={`${name}: ${say("help.forget")}`}
          onClick={() => setFootKey(act, null)}
        >
          {say("help.forget")}
        </button>
      )}
    </p>
  );
}
