import { useMemo } from "react";
import type { Request } from "../api/client";
import { cutMiddle, visible } from "../format/text";
import classes from "./FlowStrip.module.css";
import { flow } from "./flow";

/** Each request is this wide before the strip is stretched; the gap between two runs is a part of it. */
const unit = 10;
/** The gap as a share of the strip, while requests are wide enough to have one. */
const gapShare = 0.0025;
const maxGaps = 160;

/** The rhythm of a session at a glance: its requests from left to right, coloured by endpoint. */
export function FlowStrip({ requests }: { requests: Request[] }) {
  const { runs, legend } = useMemo(() => flow(requests), [requests]);
  if (runs.length < 2) return null; // one endpoint has no rhythm
  const between = requests.length <= maxGaps ? requests.length * unit * gapShare : 0;
  return (
    <div className={classes.flow}>
      <svg
        className={classes.strip}
        viewBox={`0 0 ${requests.length * unit} 10`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Order of endpoints in ${requests.length} requests`}
      >
        {runs.map((run) => (
          <rect
            key={run.start}
            x={run.start * unit}
            width={run.length * unit - between}
            height={10}
            className={classes.run}
            data-hue={run.hue}
          >
            <title>{`${visible(run.endpoint)} × ${run.length}`}</title>
          </rect>
        ))}
      </svg>
      <ul className={classes.legend}>
        {legend.map(({ endpoint, hue }) => (
          <li key={endpoint} title={visible(endpoint)}>
            <svg width={8} height={8} aria-hidden="true">
              <rect width={8} height={8} rx={2} className={classes.run} data-hue={hue} />
            </svg>
            {cutMiddle(visible(endpoint), 30)}
          </li>
        ))}
      </ul>
    </div>
  );
}
