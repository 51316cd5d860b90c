import type { Request } from "../api/client";
import { visible } from "../format/text";
import { Tag } from "../ui/Tag";
import { Fact, Value } from "./Fact";
import classes from "./Context.module.css";

interface Props {
  values: NonNullable<Request["context"]>;
  level: "h2" | "h3";
}

/** The values that the policy's context parameters found, in its order. */
export function Context({ values, level: Heading }: Props) {
  return (
    <section className={classes.section}>
      <Heading className={classes.title}>Context</Heading>
      <dl className={classes.values}>
        {values.map(({ name, value, hashed }, i) => (
          <Fact key={i} name={visible(name)}>
            <Value field="context" value={`${name}=${value}`} words={value === "" ? "empty" : visible(value)} />{" "}
            {hashed && <Tag title="Only a keyed digest of the value is kept">hashed</Tag>}
          </Fact>
        ))}
      </dl>
    </section>
  );
}
