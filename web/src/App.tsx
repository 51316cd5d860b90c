import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { meQuery } from "./api/queries";
import { Frame } from "./frame/Frame";
import { PageBoundary } from "./frame/PageBoundary";
import { SignIn } from "./frame/SignIn";
import { useScrollToTop } from "./frame/useScrollToTop";
import { pages } from "./routes";
import { EmptyState, ErrorState, RowsLoading } from "./ui/states";

/** The whole console: the sign-in page, or the frame with the page of this address in it. */
export function App() {
  const me = useQuery(meQuery);
  const [location] = useLocation();
  useScrollToTop(location);
  if (me.error?.status === 401) return <SignIn again={() => void me.refetch()} />;
  if (me.error && !me.data) return <ErrorState error={me.error} retry={() => void me.refetch()} />;
  return (
    <Frame pages={pages.filter((page) => page.icon)}>
      {me.data && (
        <PageBoundary key={location}>
          <Suspense fallback={<RowsLoading rows={8} height={60} what="the page" />}>
            <Switch>
              <Route path="/">
                <Redirect to="/sessions" replace />
              </Route>
              {pages.map((page) => (
                <Route key={page.path} path={page.path}>
                  {page.element}
                </Route>
              ))}
              <Route>
                <EmptyState
                  title="There is no such page"
                  text="The address may be from another version of the console."
                  actions={<Link href="/sessions">Go to the sessions</Link>}
                />
              </Route>
            </Switch>
          </Suspense>
        </PageBoundary>
      )}
    </Frame>
  );
}
