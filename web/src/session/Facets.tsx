import { useState } from "react";
import type { Facet } from "../api/client";
import { type Filters, fieldInfo, has, isValue, toggle, valueWords } from "../filter/fields";
import { agentWords } from "../format/agent";
import { count, percent } from "../format/number";
import { cutMiddle } from "../format/text";
import classes from "./Facets.module.css";

/** How many values a facet shows before "more". */
const firstValues = 5;
/** A facet of one value that is the same for everybody tells nothing. */
const dull = new Set(["default"]);

/** The order that answers first what was done, then how it went, then by whom. */
const order: Facet["name"][] = ["endpoint", "status", "method", "ip", "user_agent", "host", "application", "key"];

const titles: Record<Facet["name"], string> = {
  application: "Applications",
  host: "Hosts",
  endpoint: "Endpoints",
  method: "Methods",
  status: "Status",
  ip: "Addresses",
  user_agent: "Clients",
  key: "Grouped by",
};

/** The properties of a session's requests with their values; a click shows only those requests. */
export function Facets({ facets, within, onChange }: { facets: Facet[]; within: Filters; onChange: (f: Filters) => void }) {
  const shown = order.flatMap((name) => facets.find((f) => f.name === name && !isDull(f)) ?? []);
  return shown.map((facet) => <FacetList key={facet.name} facet={facet} within={within} onChange={onChange} />);
}

function isDull({ distinct, values }: Facet): boolean {
  return distinct === 0 || (distinct === 1 && dull.has(values[0]?.value ?? ""));
}

function FacetList({ facet, within, onChange }: { facet: Facet; within: Filters; onChange: (f: Filters) => void }) {
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
        {values.map((v) => {
          const words = facetWords(facet.name, v.value);
          const on = has(within, facet.name, v.value);
          return (
            <li key={v.value}>
              <button
                type="button"
                className={classes.value}
                aria-pressed={on}
                disabled={!isValue(facet.name, v.value)}
                title={`${valueWords(facet.name, v.value)}: ${on ? "show the others again" : `only requests with this ${fieldInfo[facet.name].label}`}`}
                onClick={() => onChange(toggle(within, facet.name, v.value))}
              >
                <span className={classes.bar} style={{ width: `${v.share * 100}%` }} />
                <span className={classes.name}>{cutMiddle(words, 40)}</span>
                <span className={classes.count}>
                  {count(v.count)} <span className={classes.share}>{percent(v.share)}</span>
                </span>
              </button>
            </li>
          );
        })}
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

function facetWords(name: Facet["name"], value: string): string {
  return name === "user_agent" && value !== "" ? agentWords(value) : valueWords(name, value);
}
