import { useParams } from "wouter";
import { Link } from "wouter";
import { day } from "../format/time";
import { Title } from "../ui/Title";
import { focusRow, moveFocus, useKeys } from "../ui/keys";
import { useSessionPageView } from "../url/useView";
import { address } from "../url/view";
import { SessionPanel } from "./SessionPanel";
import classes from "./SessionPage.module.css";

/** A session on a page of its own, for sharing: one day of it, or all of them. */
export default function SessionPage() {
  const { id = "" } = useParams<{ id: string }>();
  const [view, go] = useSessionPageView(id);
  const close = () => {
    if (!view.request) return false;
    go({ request: undefined });
    focusRow(view.request);
  };
  useKeys({ j: () => moveFocus(1), k: () => moveFocus(-1), Escape: close });
  return (
    <>
      <Title title="Session" note={view.part ? `on ${day(view.part)}, UTC` : "on all its days"}>
        <Link href={address.sessions({ time: { kind: "all" }, filters: { session: [id] } })}>Show in the list</Link>
      </Title>
      <div className={classes.card}>
        <SessionPanel
          key={`${id}.${view.part}`}
          id={id}
          {...view}
          onWithin={(within) => go({ within, request: undefined })}
          onRequest={(request) => go({ request: request === view.request ? undefined : request })}
        />
      </div>
    </>
  );
}
