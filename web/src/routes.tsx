import { IconLayoutList, IconServer2 } from "@tabler/icons-react";
import { type ComponentType, type ReactElement, lazy } from "react";
import { SessionsPage } from "./sessions/SessionsPage";

const SessionPage = lazy(() => import("./session/SessionPage"));
const RequestPage = lazy(() => import("./request/RequestPage"));
const SystemPage = lazy(() => import("./system/SystemPage"));

/** A page: where it is, and how the menu shows it. Pages without an icon are not in the menu. */
export interface Page {
  title: string;
  path: string;
  icon?: ComponentType<{ size?: number; stroke?: number }>;
  element: ReactElement;
}

/** Every page of the console. Routes and menu both come from here. */
export const pages: Page[] = [
  { title: "Sessions", path: "/sessions", icon: IconLayoutList, element: <SessionsPage /> },
  { title: "Session", path: "/sessions/:id", element: <SessionPage /> },
  { title: "Request", path: "/requests/:id", element: <RequestPage /> },
  { title: "System", path: "/system", icon: IconServer2, element: <SystemPage /> },
];
