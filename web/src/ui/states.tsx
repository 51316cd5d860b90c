import { Button, Skeleton } from "@mantine/core";
import { IconCloudOff, IconRefresh, IconRoute } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ApiError } from "../api/error";
import classes from "./states.module.css";

/** What failed, why, and a way to try again. */
export function ErrorState({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div className={classes.state} role="alert">
      <span className={classes.icon} data-tone="red">
        <IconCloudOff size={22} />
      </span>
      <h2 className={classes.title}>{error.title}</h2>
      <p className={classes.text}>{error.message}</p>
      {retry && error.passing && (
        <div className={classes.actions}>
          <Button leftSection={<IconRefresh size={14} />} onClick={retry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}

/** Nothing to show, and what to do next. */
export function EmptyState({ title, text, actions }: { title: string; text: ReactNode; actions?: ReactNode }) {
  return (
    <div className={classes.state}>
      <span className={classes.icon}>
        <IconRoute size={22} />
      </span>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>{text}</p>
      {actions && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}

/** What is shown is still right, but no longer fresh. */
export function StaleBanner({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <div className={classes.banner} role="status">
      <strong>{error.title}.</strong>
      <span>This is what was loaded before; it is tried again every few seconds.</span>
      <Button size="compact-xs" onClick={retry}>
        Try now
      </Button>
    </div>
  );
}

/** The shape of rows that are on their way. */
export function RowsLoading({ rows, height, what }: { rows: number; height: number; what: string }) {
  return (
    <div role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, i) => (
        <div className={classes.skeletonRow} key={i} style={{ height }}>
          {[12, 6, 14, 12, 30 - ((i * 7) % 13), 10].map((width, column) => (
            <Skeleton key={column} height={9} width={`${width}%`} radius="xl" />
          ))}
        </div>
      ))}
    </div>
  );
}
