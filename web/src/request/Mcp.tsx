import type { Request } from "../api/client";
import { visible } from "../format/text";
import { Tag } from "../ui/Tag";
import { Fact, Value } from "./Fact";
import classes from "./Context.module.css";

interface Props {
  message: NonNullable<Request["mcp"]>;
  level: "h2" | "h3";
}

/** The messages of the Model Context Protocol that a request and its response carried. */
export function Mcp({ message: m, level: Heading }: Props) {
  return (
    <section className={classes.section}>
      <Heading className={classes.title}>MCP</Heading>
      <dl className={classes.values}>
        <Fact name="Server">
          <Value field="mcp_server" value={m.server} />
        </Fact>
        <Fact name="Method">
          <Value field="mcp_method" value={m.method} />
        </Fact>
        {m.name && (
          <Fact name="Name">
            <Value field="mcp_name" value={m.name} />
          </Fact>
        )}
        {m.client && <Fact name="Client">{visible(m.client)}</Fact>}
        {m.generation && <Fact name="Protocol">{visible(m.generation)}</Fact>}
        {m.trace && (
          <Fact name="Trace">
            <code>{visible(m.trace)}</code>
          </Fact>
        )}
        {m.error !== undefined && m.error !== 0 && (
          <Fact name="Answer">
            <Tag tone="red">error {m.error}</Tag>
          </Fact>
        )}
        {m.more?.map((other, place) => (
          <Fact key={place} name={other.from === "server" ? "Server sent" : "Also sent"}>
            <Value field="mcp_method" value={other.method} />
            {other.name && (
              <>
                {" "}
                <Value field="mcp_name" value={other.name} />
              </>
            )}
            {other.error !== undefined && other.error !== 0 && <Tag tone="red">error {other.error}</Tag>}
          </Fact>
        ))}
      </dl>
    </section>
  );
}
