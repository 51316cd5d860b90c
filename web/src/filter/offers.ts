import { type Field, fields } from "./fields";
import { fieldsStarting, guess } from "./guess";

/** One line of the filter box: a filter to add, or, without a value, a field to go on typing for. */
export interface Offer {
  field: Field;
  value?: string;
}

/** How many known values of one field are offered. */
const maxKnown = 6;
/** How many lines the filter box shows: all fields, when nothing is typed. */
const maxOffers = fields.length;

/** What the filter box offers for what is typed: its readings first, then known values, then fields. */
export function offers(text: string, known: Partial<Record<Field, string[]>>): Offer[] {
  const all: Offer[] = [...guess(text), ...knownMatching(text, known), ...fieldsStarting(text).map((field) => ({ field }))];
  const seen = new Set<string>();
  return all
    .filter(({ field, value }) => {
      const key = `${field} ${value}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, maxOffers);
}

/** Known values that hold what is typed, or, after `field:`, the known values of that field. */
function knownMatching(text: string, known: Partial<Record<Field, string[]>>): Offer[] {
  const [, name, rest] = /^\s*([a-z_]+)\s*:\s*(.*)$/i.exec(text) ?? [];
  const typed = (name ? (rest ?? "") : text).trim().toLowerCase();
  if (!name && typed.length < 2) return [];
  return Object.entries(known).flatMap(([field, values]) => {
    if (name && field !== name.toLowerCase()) return [];
    return values
      .filter((value) => value.toLowerCase().includes(typed))
      .slice(0, maxKnown)
      .map((value) => ({ field: field as Field, value }));
  });
}
