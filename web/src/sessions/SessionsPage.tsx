import { useEffect, useState } from "react";
import { SessionPanel } from "../session/SessionPanel";
import { add } from "../filter/fields";
import { focusRow, moveFocus, useKeys } from "../ui/keys";
import { useView } from "../url/useView";
import { address } from "../url/view";
import { SessionsView } from "./SessionsView";
import { partKey } from "./merge";
import { useSessionList } from "./useSessionList";

/** The list of sessions, with one of them open in place if the address says so. */
export function SessionsPage() {
  const [view, go] = useView();
  const scrolled = useScrolled();
  const list = useSessionList(view.time, view.filters, scrolled || view.open !== undefined);
  const { open, request } = view;
  const row = open && list.rows?.find((part) => partKey(part) === partKey(open));

  const close = () => {
    if (request) {
      go({ request: undefined });
      focusRow(request);
    } else if (open) {
      go({ open: undefined, within: {} });
      focusRow(partKey(open));
    } else return false;
  };
  useKeys({ j: () => moveFocus(1), k: () => moveFocus(-1), Escape: close });

  return (
    <SessionsView
      view={view}
      list={list}
      onTime={(time) => go({ time })}
      onFilters={(filters) => go({ filters })}
      onOpen={(part) => {
        const same = open && part && partKey(open) === partKey(part);
        go({ open: same ? undefined : part && { id: part.id, part: part.part }, within: {}, request: undefined });
      }}
      hrefFor={(field, value) =>
        address.sessions({ ...view, filters: add(view.filters, field, value), open: undefined, within: {}, request: undefined })
      }
    >
      {open && (
        <SessionPanel
          key={partKey(open)}
          id={open.id}
          part={open.part}
          within={view.within}
          request={request}
          now={row?.requests}
          listFilters={row && row.matched === row.requests ? {} : view.filters}
          onClose={() => {
            go({ open: undefined, within: {}, request: undefined });
            focusRow(partKey(open));
          }}
          onWithin={(within) => go({ within, request: undefined })}
          onRequest={(id) => go({ request: id === request ? undefined : id })}
        />
      )}
    </SessionsView>
  );
}

/** How far down counts as reading the list, in pixels. */
const readingFrom = 120;

function useScrolled(): boolean {
  const [scrolled, setScrolled] = useState(false);
  useEffect(() => {
    const onScroll = () => setScrolled(window.scrollY > readingFrom);
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  }, []);
  return scrolled;
}
