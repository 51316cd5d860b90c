import { Button } from "@mantine/core";
import { type Field, type Filters, add, fieldInfo, fields, isEmpty, joinWord, remove, valueWords } from "./fields";
import { cutMiddle } from "../format/text";
import classes from "./FilterBar.module.css";
import { FilterInput } from "./FilterInput";

interface Props {
  filters: Filters;
  /** Values that the filter box can offer. */
  known?: Partial<Record<Field, string[]>>;
  onChange: (filters: Filters) => void;
}

/** The filters in force as chips, each value removable, and a box to add one. */
export function FilterBar({ filters, known = {}, onChange }: Props) {
  return (
    <div className={classes.bar}>
      <FilterChips filters={filters} onChange={onChange} />
      <FilterInput known={known} onAdd={(field, value) => onChange(add(filters, field, value))} />
      {!isEmpty(filters) && (
        <Button variant="subtle" size="compact-xs" onClick={() => onChange({})}>
          Clear
        </Button>
      )}
    </div>
  );
}

/** Filters as chips: one for each field, with the words that join its values. */
export function FilterChips({ filters, onChange }: Pick<Props, "filters" | "onChange">) {
  return fields
    .filter((field) => filters[field]?.length)
    .map((field) => (
      <span key={field} className={classes.chip} role="group" aria-label={`Filter by ${fieldInfo[field].label}`}>
        <span className={classes.field}>{fieldInfo[field].label}</span>
        {filters[field]?.map((value, i, all) => (
          <span key={value} className={classes.value}>
            {i > 0 && <span className={classes.field}>{joinWord(field, value, all.slice(0, i))}</span>}
            <strong title={valueWords(field, value)}>{cutMiddle(valueWords(field, value), 42)}</strong>
            <button
              type="button"
              className={classes.remove}
              aria-label={`Remove ${fieldInfo[field].label} ${valueWords(field, value)}`}
              onClick={() => onChange(remove(filters, field, value))}
            >
              ×
            </button>
          </span>
        ))}
      </span>
    ));
}
