import { type ReactNode, useId } from "react";
import { Link } from "wouter";
import type { DayStatus, NodeStatus, System } from "../api/client";
import { bytesLong, count, percent, plural } from "../format/number";
import { visible } from "../format/text";
import { ago, day, micros, span } from "../format/time";
import { Tag } from "../ui/Tag";
import { address } from "../url/view";
import classes from "./SystemView.module.css";

/** The state of the installation: what is lost or waiting first, then each part of the path. */
export function SystemView({ system }: { system: System }) {
  return (
    <div className={classes.system}>
      <Figures system={system} />
      {system.set_aside.length > 0 && (
        <Section title="Days set aside" note="These files could not be opened and were moved away; the other days go on.">
          <ul className={classes.lines}>
            {system.set_aside.map((file) => (
              <li key={file.file}>
                <Tag tone="amber">set aside</Tag> <code>{visible(file.file)}</code>
                <span className={classes.dim}> {visible(file.reason)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Nodes" note="They see the traffic.">
        {system.nodes.length === 0 && <p className={classes.trouble}>No node answers. Traffic is not being recorded.</p>}
        {system.nodes.map((node) => (
          <Node key={node.name} node={node} />
        ))}
      </Section>
      <Section title="Bus and writer" note="The bus keeps records until the writer has stored them.">
        <Bus system={system} />
      </Section>
      <Section title="Days" note={retentionWords(system)}>
        <Days system={system} />
      </Section>
    </div>
  );
}

function Section({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <h2 className={classes.title} id={id}>
        {title}
        {note && <span className={classes.note}>{note}</span>}
      </h2>
      {children}
    </section>
  );
}

/** With fewer requests the fixed size of a file says more than the average does. */
const tellingFrom = 1_000_000;

function Figures({ system }: { system: System }) {
  const lost = system.nodes.reduce((sum, node) => sum + lostOf(node), 0);
  const requests = system.days.reduce((sum, d) => sum + d.requests, 0);
  const size = system.days.reduce((sum, d) => sum + d.bytes, 0);
  const waiting = system.nodes.reduce((sum, node) => sum + node.waiting, 0);
  return (
    <dl className={classes.figures}>
      <Figure name="Requests kept" value={count(requests)} note={`on ${plural(system.days.length, "day")}`} />
      <Figure
        name="On disk"
        value={bytesLong(size)}
        note={requests >= tellingFrom ? `${(size / requests).toFixed(1)} bytes a request` : plural(system.days.length, "file")}
      />
      <Figure name="On the way" value={count(waiting)} note={`${plural(system.bus.messages, "batch", "batches")} in the bus`} />
      <Figure name="Lost" value={count(lost)} note={lost > 0 ? "see the reasons below" : "nothing"} bad={lost > 0} />
      <Figure name="Running" value={running(system.started)} note={`policy ${system.revision || "built in"}`} />
    </dl>
  );
}

function Figure({ name, value, note, bad }: { name: string; value: string; note: string; bad?: boolean }) {
  return (
    <div className={classes.figure} data-bad={bad || undefined}>
      <dt>{name}</dt>
      <dd className={classes.value}>{value}</dd>
      <dd className={classes.dim}>{note}</dd>
    </div>
  );
}

function Node({ node }: { node: NodeStatus }) {
  const losses = Object.entries(node.lost).filter(([, n]) => n > 0);
  return (
    <div className={classes.node}>
      <dl className={classes.facts}>
        <Fact name="Node">
          <strong>{visible(node.name)}</strong>
        </Fact>
        <Fact name="Started">{ago(node.started)}</Fact>
        <Fact name="Proxy">{node.proxy ? <code>{node.proxy.replace("http://", "")}</code> : "none"}</Fact>
        <Fact name="Exchanges">{count(node.exchanges)}</Fact>
        <Fact name="Recorded">{count(node.recorded)}</Fact>
        <Fact name="Excluded">{count(node.excluded)}</Fact>
        <Fact name="Waiting">{count(node.waiting)}</Fact>
      </dl>
      <ul className={classes.lines}>
        {losses.length === 0 && (
          <li>
            <Tag tone="green">nothing lost</Tag>
          </li>
        )}
        {losses.map(([reason, n]) => (
          <li key={reason}>
            <Tag tone="red">lost</Tag> {plural(n, "request")}: {visible(reason.replaceAll("_", " "))}
          </li>
        ))}
        {node.upstreams.map((upstream) => (
          <li key={upstream.url}>
            {upstream.error ? <Tag tone="red">no answer</Tag> : <Tag tone="green">upstream</Tag>} <code>{upstream.url}</code>
            {upstream.errors > 0 && <span className={classes.dim}> {plural(upstream.errors, "exchange")} not answered</span>}
            {upstream.error && <span className={classes.dim}>, the last: {visible(upstream.error)}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Bus({ system: { bus, writer } }: { system: System }) {
  return (
    <>
      <dl className={classes.facts}>
        <Fact name="Bus">
          {bus.connected ? <Tag tone="green">connected</Tag> : <Tag tone="red">not connected</Tag>}
        </Fact>
        <Fact name="Filled">
          {bus.max_bytes > 0 ? `${percent(bus.bytes / bus.max_bytes)} of ${bytesLong(bus.max_bytes)}` : bytesLong(bus.bytes)}
        </Fact>
        <Fact name="Batches waiting">{count(bus.messages)}</Fact>
        <Fact name="Stored">{count(writer.stored)}</Fact>
        <Fact name="Seen again, skipped">{count(writer.skipped)}</Fact>
        <Fact name="Too old">{count(writer.too_old)}</Fact>
        <Fact name="In the future">{count(writer.future)}</Fact>
        <Fact name="Writes tried again">{count(writer.errors)}</Fact>
        {writer.held > 0 && <Fact name="Held on the bus">{count(writer.held)}</Fact>}
      </dl>
      {writer.error && <p className={classes.trouble}>Writing fails: {visible(writer.error)}</p>}
    </>
  );
}

/** A name with its value under it. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Days({ system }: { system: System }) {
  const most = Math.max(1, ...system.days.map((d) => d.requests));
  if (system.days.length === 0) return <p className={classes.dim}>Nothing is stored yet.</p>;
  return (
    <table className={classes.days}>
      <thead>
        <tr>
          <th scope="col">Day, UTC</th>
          <th scope="col">Requests</th>
          <th scope="col" className={classes.wide}>
            <span className={classes.hidden}>Share of the fullest day</span>
          </th>
          <th scope="col">Size</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {system.days.map((d) => (
          <tr key={d.day}>
            <td>
              <Link href={dayAddress(d.day)}>{day(d.day)}</Link>
            </td>
            <td>{d.error ? "unknown" : count(d.requests)}</td>
            <td className={classes.wide} aria-label={`${percent(d.requests / most)} of the fullest day`}>
              <span className={classes.bar} style={{ width: `${(d.requests / most) * 100}%` }} />
            </td>
            <td>{bytesLong(d.bytes)}</td>
            <td>
              <DayState status={d} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DayState({ status }: { status: DayStatus }) {
  if (status.error) {
    return (
      <>
        <Tag tone="red">cannot be opened</Tag> <span className={classes.dim}>{visible(status.error)}</span>
      </>
    );
  }
  return status.sealed ? <Tag>compacted</Tag> : <Tag tone="accent">being written</Tag>;
}

const dayLong = 24 * 60 * 60 * 1000; // ms

/** The list of sessions on one day. */
function dayAddress(date: string): string {
  const from = `${date}T00:00:00Z`;
  const to = new Date(Date.parse(from) + dayLong).toISOString().replace(".000", "");
  return address.sessions({ time: { kind: "between", from, to } });
}

function retentionWords({ retention }: System): string {
  const days = `Kept for ${plural(retention.days, "day")}`;
  return retention.bytes > 0 ? `${days}, in at most ${bytesLong(retention.bytes)}.` : `${days}.`;
}

function lostOf(node: NodeStatus): number {
  return Object.values(node.lost).reduce((sum, n) => sum + n, 0);
}

function running(started: string): string {
  return span(Date.now() * 1000 - micros(started));
}
