import { useQuery } from "@tanstack/react-query";
import { systemQuery } from "../api/queries";
import { ErrorState, RowsLoading, StaleBanner } from "../ui/states";
import { Title } from "../ui/Title";
import { SystemView } from "./SystemView";

/** The state of the installation, asked for again every few seconds. */
export default function SystemPage() {
  const system = useQuery(systemQuery);
  const retry = () => void system.refetch();
  return (
    <>
      <Title title="System" note={system.data && `Sojourn ${system.data.version}`} />
      {system.data && system.error && <StaleBanner error={system.error} retry={retry} />}
      {system.data && <SystemView system={system.data} />}
      {!system.data && system.error && <ErrorState error={system.error} retry={retry} />}
      {system.isPending && <RowsLoading rows={8} height={44} what="the state of the system" />}
    </>
  );
}
