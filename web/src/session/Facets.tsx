import { useState } from "react";
import { Link } from "wouter";
import type { Facet } from "../api/client";
import { type Filters, fieldInfo, has, isValue, toggle, valueWords } from "../filter/fields";
import { agentWords } from "../format/agent";
import { count, percent } from "../format/number";
import { cutMiddle } from "../format/text";
import { address } from "../url/view";
import classes from "./Facets.module.css";

/** How many values a facet shows before "more". */
const firstValues = 5;

/** The order that answers first what was done, then how it went, then by whom. */
const order: Facet["name"][] = [
  "endpoint",
  "status",
  "method",
  "graphql_operation",
  "mcp_method",
  "mcp_name",
  "user",
  "role",
  "ip",
  "country",
  "user_agent",
  "host",
  "application",
  "key",
];

const titles: Record<Facet["name"], string> = {
  application: "Applications",
  host: "Hosts",
  endpoint: "Endpoints",
  method: "Methods",
  status: "Status",
  flow: "Flows",
  attack: "Attacks",
  ip: "Addresses",
  user_agent: "Clients",
  key: "Grouped by",
  country: "Countries",
  network: "Networks",
  user: "Users",
  role: "Roles",
  graphql_operation: "GraphQL operations",
  mcp_server: "MCP servers",
  mcp_method: "MCP methods",
  mcp_name: "MCP tools and resources",
};

interface Props {
  facets: Facet[];
  within: Filters;
  onChange: (within: Filters) => void;
}

/**
 * The properties of a session's requests with their values; a click shows only
 * those requests. What all requests have in common is said once, as a link to
 * the other sessions that have it too.
 */
export function Facets({ facets, within, onChange }: Props) {
  const sorted = order.flatMap((name) => facets.find((f) => f.name === name) ?? []);
  const varied = sorted.filter((f) => f.distinct > 1);
  const common = sorted.filter((f) => f.distinct === 1);
  return (
    <>
      {varied.map((facet) => (
        <FacetList key={facet.name} facet={facet} within={within} onChange={onChange} />
      ))}
      {common.length > 0 && (
        <section className={classes.facet} aria-label="In all requests">
          <h3 className={classes.title}>{varied.length > 0 ? "The same in all requests" : "In all requests"}</h3>
          <dl className={classes.common}>
            {common.map((facet) => (
              <Common key={facet.name} facet={facet} />
            ))}
          </dl>
        </section>
      )}
    </>
  );
}

function Common({ facet: { name, values } }: { facet: Facet }) {
  const value = values[0]?.value ?? "";
  const words = cutMiddle(facetWords(name, value), 40);
  const filter = isValue(name, value) && { [name]: [value] };
  return (
    <div>
      <dt>{fieldInfo[name].label.replace("user agent", "client")}</dt>
      <dd title={valueWords(name, value)}>
        {filter ? <Link href={address.sessions({ filters: filter })}>{words}</Link> : words}
      </dd>
    </div>
  );
}

function FacetList({ facet, within, onChange }: { facet: Facet } & Omit<Props, "facets">) {
  const [all, setAll] = useState(false);
  const values = facet.values.filter((v, i) => all || i < firstValues || has(within, facet.name, v.value));
  const hidden = facet.values.length - values.length;
  const beyond = facet.distinct - facet.values.length;
  return (
    <section className={classes.facet} aria-label={titles[facet.name]}>
      <h3 className={classes.title}>
        {titles[facet.name]}
        <span>{count(facet.distinct)}</span>
      </h3>
      <ul className={classes.values}>
        {values.map((v) => (
          <Value
            key={v.value}
            name={facet.name}
            value={v}
            on={has(within, facet.name, v.value)}
            onToggle={() => onChange(toggle(within, facet.name, v.value))}
          />
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" className={classes.more} onClick={() => setAll(true)}>
          {count(hidden)} more
        </button>
      )}
      {all && beyond > 0 && <p className={classes.beyond}>and {count(beyond)} rarer ones</p>}
    </section>
  );
}

interface ValueProps {
  name: Facet["name"];
  value: Facet["values"][number];
  on: boolean;
  onToggle: () => void;
}

function Value({ name, value: v, on, onToggle }: ValueProps) {
  const does = on ? "show the others again" : `only requests with this ${fieldInfo[name].label}`;
  return (
    <li>
      <button
        type="button"
        className={classes.value}
        aria-pressed={on}
        disabled={!isValue(name, v.value)}
        title={`${valueWords(name, v.value)}: ${does}`}
        onClick={onToggle}
      >
        <span className={classes.bar} style={{ width: `${v.share * 100}%` }} />
        <span className={classes.name}>{cutMiddle(facetWords(name, v.value), 40)}</span>
        <span className={classes.count}>
          {count(v.count)} <span className={classes.share}>{percent(v.share)}</span>
        </span>
      </button>
    </li>
  );
}

function facetWords(name: Facet["name"], value: string): string {
  return name === "user_agent" && value !== "" ? agentWords(value) : valueWords(name, value);
}
