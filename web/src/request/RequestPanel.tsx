import { useQuery } from "@tanstack/react-query";
import { requestQuery } from "../api/queries";
import { ErrorState, RowsLoading } from "../ui/states";
import { RequestView } from "./RequestView";

/** One request: asks for it and shows it. */
export function RequestPanel({ id, alone }: { id: string; alone?: boolean }) {
  const request = useQuery(requestQuery(id));
  if (request.data) return <RequestView request={request.data} alone={alone} />;
  if (request.error) return <ErrorState error={request.error} retry={() => void request.refetch()} />;
  return <RowsLoading rows={4} height={28} what="the request" />;
}
