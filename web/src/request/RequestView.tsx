import { Link } from "wouter";
import type { RequestDetail } from "../api/client";
import { agentWords } from "../format/agent";
import { bytesLong, millis, unknown } from "../format/number";
import { visible } from "../format/text";
import { CopyButton, CopyIcon } from "../ui/Copy";
import { StatusTag, Tag } from "../ui/Tag";
import { address } from "../url/view";
import { Context } from "./Context";
import { Fact, Value } from "./Fact";
import { Mcp } from "./Mcp";
import classes from "./RequestView.module.css";
import { Why } from "./Why";

/** One request: everything that is kept of it, why it is in its session, what was found in it. */
export function RequestView({ request: r, alone }: { request: RequestDetail; alone?: boolean }) {
  const level = alone ? "h2" : "h3";
  return (
    <article className={classes.request} aria-label={`Request ${r.id}`}>
      <p className={classes.target}>
        <span className={classes.method}>{visible(r.method)}</span> {visible(r.path)}
        {r.query && <span className={classes.query}>?{visible(r.query)}</span>}
      </p>
      <div className={classes.columns}>
        <Facts r={r} alone={alone} />
        <div>
          <Why request={r} level={level} />
          {r.context && <Context values={r.context} level={level} />}
          {r.mcp && <Mcp message={r.mcp} level={level} />}
          <Findings r={r} level={level} />
        </div>
      </div>
      <div className={classes.actions}>
        <CopyButton value={r.id}>Copy id</CopyButton>
        <CopyButton value={JSON.stringify(r, null, 2)}>Copy as JSON</CopyButton>
        <CopyButton value={window.location.origin + address.request(r.id)}>Copy link</CopyButton>
      </div>
    </article>
  );
}

function Facts({ r, alone }: { r: RequestDetail; alone?: boolean }) {
  return (
    <dl className={classes.facts}>
      <Fact name="Request id">
        <span className={classes.mono}>{r.id}</span> <CopyIcon value={r.id} what="request id" />
      </Fact>
      {alone && (
        <Fact name="Session">
          <Link className={classes.mono} href={address.session(r.session, { part: r.started.slice(0, 10), request: r.id })}>
            {r.session}
          </Link>
        </Fact>
      )}
      <Fact name="Started">
        <span className={classes.mono}>{r.started.replace("T", " ").replace("Z", "")}</span> UTC
      </Fact>
      <Fact name="Status">
        <StatusTag status={r.status} /> {r.status === 0 ? "no response" : r.accepted ? "accepted" : "not accepted"}
      </Fact>
      <Fact name="Duration">
        {millis(r.duration_us)} ms
        {r.ttfb_us !== undefined && <span className={classes.dim}> · first byte after {millis(r.ttfb_us)} ms</span>}
      </Fact>
      <Fact name="Size">
        {size(r.request_bytes)} in · {size(r.response_bytes)} out
      </Fact>
      <Fact name="Endpoint">
        <Value field="endpoint" value={`${r.method} ${r.endpoint}`} />
      </Fact>
      <Fact name="Host">
        <Value field="host" value={r.host} />
      </Fact>
      <Fact name="Application">
        <Value field="application" value={r.application} />
      </Fact>
      {r.graphql_operation && (
        <Fact name="GraphQL">
          <Value field="graphql_operation" value={r.graphql_operation} />
        </Fact>
      )}
      {(r.user || r.role) && (
        <Fact name="User">
          {r.user && <Value field="user" value={r.user} />} {r.role && <Value field="role" value={r.role} />}
        </Fact>
      )}
      <Fact name="IP">
        <Value field="ip" value={r.ip} /> {r.country && <Value field="country" value={r.country} />}{" "}
        {r.network && <Value field="network" value={r.network} />} {r.anonymity && <Tag tone="amber">{visible(r.anonymity)}</Tag>}
      </Fact>
      <Fact name="User-Agent">
        {r.user_agent && <div>{agentWords(r.user_agent)}</div>}
        <Value field="user_agent" value={r.user_agent} />
      </Fact>
      {r.ja4 && (
        <Fact name="JA4">
          <span className={classes.mono}>{visible(r.ja4)}</span>
        </Fact>
      )}
      <Fact name="Client id">
        <span className={classes.mono}>{r.client}</span>
      </Fact>
      {r.flags && r.flags.length > 0 && (
        <Fact name="Flags">
          {r.flags.map((flag) => (
            <span key={flag}>
              <Tag tone="amber">{flag.replaceAll("_", " ")}</Tag>{" "}
            </span>
          ))}
        </Fact>
      )}
      <Fact name="Policy">{r.revision === 0 ? "built in" : `revision ${r.revision}`}</Fact>
    </dl>
  );
}

function Findings({ r, level: Heading }: { r: RequestDetail; level: "h2" | "h3" }) {
  if (r.findings.length === 0) return null;
  return (
    <section className={classes.findings}>
      <Heading className={classes.title}>Findings</Heading>
      <ul>
        {r.findings.map((finding) => (
          <li key={finding.id}>
            <Tag tone={finding.attack ? "red" : "amber"}>{visible(finding.type)}</Tag>{" "}
            {finding.attack ? "attack" : "unusual"}
            {finding.detail && <code className={classes.detail}>{visible(finding.detail)}</code>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function size(n: number | undefined): string {
  return n === undefined ? unknown : bytesLong(n);
}
