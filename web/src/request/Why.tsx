import { useQuery } from "@tanstack/react-query";
import type { Explanation, Request, Rung, Strength } from "../api/client";
import { explainQuery } from "../api/queries";
import { plural } from "../format/number";
import { visible } from "../format/text";
import { KeyTag } from "../ui/Tag";
import classes from "./Why.module.css";

/** The rungs in the order they are tried, and what each looks at. */
const ladder: { rung: Rung; name: string }[] = [
  { rung: "own", name: "Own keys" },
  { rung: "mcp", name: "MCP" },
  { rung: "builtin", name: "Built-in keys" },
  { rung: "network", name: "Network" },
];

const strengths: Record<Strength, string> = {
  secret: "An opaque value that only its holder knows: hard to forge.",
  claimed: "Claimed, not verified: anyone could have written this value.",
  network: "An address and what the client says of itself: several people may share them.",
};

const verified = "A claim of a token whose signature was verified: hard to forge.";

/**
 * Why a request is in its session: the ladder of keys, and the one that won. What
 * the request itself tells is shown at once, the keys by name when they are known.
 */
export function Why({ request: r, level: Heading }: { request: Request; level: "h2" | "h3" }) {
  const { data: explained } = useQuery(explainQuery(r.id));
  const won = ladder.findIndex(({ rung }) => rung === r.rung);
  return (
    <section>
      <Heading className={classes.title}>Why this session?</Heading>
      <ol className={classes.ladder}>
        {ladder.map(({ rung, name }, i) => (
          <li key={rung} className={classes.rung} data-state={i < won ? "passed" : i === won ? "won" : "rest"}>
            <span className={classes.name}>{name}</span>
            {i < won && <Passed rung={rung} explained={explained} />}
            {i > won && <span>not needed</span>}
            {i === won && (
              <span className={classes.won}>
                <KeyTag name={r.key} strength={r.strength} /> <code>{visible(r.point)}</code>
              </span>
            )}
          </li>
        ))}
      </ol>
      <p className={classes.words}>
        {r.tried > 0 ? `${plural(r.tried, "key")} tried before it gave no value. ` : "It was the first key tried. "}
        <span className={r.strength === "claimed" ? classes.claimed : undefined}>
          {explained?.verified ? verified : strengths[r.strength]}
        </span>{" "}
        {r.accepted
          ? "The upstream accepted the request."
          : `The upstream did not accept the request (${r.status}): the value proves nothing.`}
        {explained?.note && ` The keys are not listed: ${visible(explained.note)}.`}
      </p>
    </section>
  );
}

/** A rung on which no key had a value: its keys, where they are listed. */
function Passed({ rung, explained }: { rung: Rung; explained?: Explanation }) {
  const keys = explained?.tried.filter((key) => key.rung === rung) ?? [];
  if (keys.length === 0) return <span>no value</span>;
  return (
    <span>
      {keys.map((key, i) => (
        <div key={i} className={classes.key}>
          {visible(key.name)} <code>{visible(key.point)}</code> {key.why}
        </div>
      ))}
    </span>
  );
}
