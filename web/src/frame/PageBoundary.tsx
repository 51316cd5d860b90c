import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { EmptyState } from "../ui/states";

/**
 * Catches what a page throws while it is drawn, such as a part of the console
 * that could not be loaded because the server stopped or was upgraded. The menu
 * stays. Give it the address as its key: another page is another try.
 */
export class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <EmptyState
        title="This page cannot be shown"
        text="A part of the console could not be loaded. The server may have stopped, or it may have been upgraded since this page was opened."
        actions={<Button onClick={() => window.location.reload()}>Load it again</Button>}
      />
    );
  }
}
