import type { Request } from "../api/client";

/** How many endpoints have a colour of their own. */
export const flowHues = 5;

/** A run of requests to one endpoint: where it begins, how long it is, and its colour (0 is "other"). */
export interface Run {
  endpoint: string;
  start: number;
  length: number;
  hue: number;
}

export interface Flow {
  runs: Run[];
  /** The endpoints that have a colour, most requests first. */
  legend: { endpoint: string; hue: number }[];
}

/** Sums up the order of a session's endpoints: neighbours that are alike become one run. */
export function flow(requests: Request[]): Flow {
  const counts = new Map<string, number>();
  for (const r of requests) {
    const name = endpointOf(r);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const top = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, flowHues);
  const hues = new Map(top.map(([endpoint], i) => [endpoint, i + 1]));
  const runs: Run[] = [];
  requests.forEach((r, i) => {
    const endpoint = endpointOf(r);
    const hue = hues.get(endpoint) ?? 0;
    const before = runs.at(-1);
    if (before && before.hue === hue && (hue === 0 || before.endpoint === endpoint)) before.length++;
    else runs.push({ endpoint, start: i, length: 1, hue });
  });
  return { runs, legend: top.map(([endpoint], i) => ({ endpoint, hue: i + 1 })) };
}

function endpointOf(r: Request): string {
  return `${r.method} ${r.endpoint}`;
}
