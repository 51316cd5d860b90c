import { useParams } from "wouter";
import { Title } from "../ui/Title";
import { RequestPanel } from "./RequestPanel";

/** A request on a page of its own, for sharing. */
export default function RequestPage() {
  const { id = "" } = useParams<{ id: string }>();
  return (
    <>
      <Title title="Request" note={id} />
      <RequestPanel id={id} alone />
    </>
  );
}
