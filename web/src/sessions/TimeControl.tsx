import { Button, Popover, SegmentedControl, TextInput } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { type TimeRange, isSpan, parseInstant, spans } from "../url/time";
import classes from "./TimeControl.module.css";

/** Chooses the time range: one of the usual ones, everything, or from and to. */
export function TimeControl({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const [open, setOpen] = useState(false);
  const value = range.kind === "last" ? range.span : range.kind;
  // A span that came with the address may be none of the usual ones.
  const choices = range.kind === "last" && !spans.includes(range.span) ? [...spans, range.span] : spans;
  const custom = range.kind === "between";
  return (
    <div className={classes.control}>
      <SegmentedControl
        aria-label="Time range"
        data={[...choices.map((s) => ({ value: s, label: s })), { value: "all", label: "All" }]}
        value={value}
        onChange={(v) => onChange(isSpan(v) ? { kind: "last", span: v } : { kind: "all" })}
      />
      <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus withinPortal={false}>
        <Popover.Target>
          <Button
            leftSection={<IconCalendar size={14} />}
            onClick={() => setOpen(!open)}
            aria-expanded={open}
            data-active={custom || undefined}
            className={classes.custom}
          >
            Range…
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Between
            range={range}
            onChange={(next) => {
              setOpen(false);
              onChange(next);
            }}
          />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

function Between({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const given = range.kind === "between" ? range : { from: undefined, to: undefined };
  const [from, setFrom] = useState(words(given.from));
  const [to, setTo] = useState(words(given.to));
  const start = parseInstant(from);
  const end = parseInstant(to);
  const order = start && end && start >= end ? "Must be later than from" : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong(from) && !wrong(to) && !order && (start || end)) onChange({ kind: "between", from: start, to: end });
  };
  return (
    <form onSubmit={submit} className={classes.form} noValidate>
      <TextInput
        label="From, UTC"
        placeholder="2026-11-21 14:05"
        value={from}
        error={wrong(from)}
        onChange={(e) => setFrom(e.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="To, UTC"
        placeholder="now"
        value={to}
        error={wrong(to) ?? order}
        onChange={(e) => setTo(e.currentTarget.value)}
      />
      <Button type="submit" variant="filled">
        Show
      </Button>
    </form>
  );
}

/** What is wrong with a time as it was typed, if anything. */
function wrong(text: string): string | undefined {
  return text.trim() !== "" && !parseInstant(text) ? "Write it like 2026-11-21 14:05" : undefined;
}

function words(instant: string | undefined): string {
  return instant ? instant.slice(0, 19).replace("T", " ").replace(/:00$/, "") : "";
}
