import { Combobox, Kbd, TextInput, useCombobox } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useKeys } from "../ui/keys";
import { type Field, fieldInfo, valueWords } from "./fields";
import classes from "./FilterBar.module.css";
import { offers } from "./offers";

interface Props {
  known: Partial<Record<Field, string[]>>;
  onAdd: (field: Field, value: string) => void;
}

/** The box to type a filter into. It says how it reads what is typed; Enter takes the first reading. */
export function FilterInput({ known, onAdd }: Props) {
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  useKeys({ "/": () => input.current?.focus() });

  const list = offers(text, known);
  const change = (next: string) => {
    setText(next);
    box.openDropdown();
  };
  // With something typed Enter takes the first offer; a bare list of fields has to be chosen from.
  const { selectFirstOption, resetSelectedOption } = box;
  useEffect(() => {
    if (text.trim() === "") resetSelectedOption();
    else selectFirstOption();
  }, [text, selectFirstOption, resetSelectedOption]);
  const take = (index: number) => {
    const offer = list[index];
    if (!offer) return;
    if (offer.value === undefined) return change(`${offer.field}:`);
    onAdd(offer.field, offer.value);
    setText("");
    box.closeDropdown();
  };

  return (
    <Combobox store={box} onOptionSubmit={(index) => take(Number(index))} position="bottom-start" withinPortal={false}>
      <Combobox.Target>
        <TextInput
          ref={input}
          className={classes.input}
          aria-label="Add a filter"
          placeholder="Filter by host, path, IP, status, id…"
          leftSection={<IconFilter size={14} />}
          rightSection={text === "" && <Kbd size="xs">/</Kbd>}
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => change(event.currentTarget.value)}
          onFocus={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === "Escape") input.current?.blur();
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={list.length === 0}>
        <Combobox.Options aria-label="Readings of what is typed">
          {list.map((offer, i) => (
            <Combobox.Option value={String(i)} key={`${offer.field} ${offer.value}`}>
              <span className={classes.option}>
                <span className={classes.hint}>{fieldInfo[offer.field].label}</span>
                <span className={offer.value === undefined ? classes.hint : undefined}>
                  {offer.value === undefined ? fieldInfo[offer.field].example : valueWords(offer.field, offer.value)}
                </span>
              </span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
