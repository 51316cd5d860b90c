import { type ReactNode, useRef } from "react";
import { Link, useLocation } from "wouter";
import type { Page } from "../routes";
import { useKeys } from "../ui/keys";
import classes from "./Frame.module.css";
import { Help } from "./Help";
import { NavActions } from "./NavActions";
import mark from "./mark.svg";

/** The menu and the space for a page beside it; below 900 px the menu is a bar on top. */
export function Frame({ pages, children }: { pages: Page[]; children: ReactNode }) {
  const [location] = useLocation();
  const help = useRef<HTMLDialogElement>(null);
  const showHelp = () => help.current?.showModal();
  useKeys({ "?": showHelp });
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <header className={classes.nav}>
        <Link href="/sessions" className={classes.brand}>
          <img src={mark} alt="" width={20} height={20} />
          Sojourn
        </Link>
        <nav aria-label="Pages" className={classes.menu}>
          {pages.map(({ title, path, icon: Icon }) => (
            <Link key={path} href={path} className={classes.item} aria-current={isAt(location, path) ? "page" : undefined}>
              {Icon && <Icon size={17} stroke={1.7} />}
              {title}
            </Link>
          ))}
        </nav>
        <NavActions onHelp={showHelp} />
      </header>
      <main className={classes.page} id="page" tabIndex={-1}>
        {children}
      </main>
      <Help ref={help} />
    </div>
  );
}

function isAt(location: string, path: string): boolean {
  return location === path || location.startsWith(`${path}/`) || (path === "/sessions" && location.startsWith("/requests/"));
}
