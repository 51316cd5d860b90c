import {
  ActionIcon,
  Button,
  type CSSVariablesResolver,
  SegmentedControl,
  TextInput,
  createTheme,
} from "@mantine/core";

/** Mantine's theme: sizes, and the accent in the ten shades that it wants. */
export const theme = createTheme({
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "13px", lg: "15px", xl: "18px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.45", lg: "1.4", xl: "1.3" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "10px" },
  defaultRadius: "md",
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  colors: {
    accent: [
      "#eaf1fe",
      "#d5e2fd",
      "#adc6fb",
      "#8ab0ff",
      "#6d9af8",
      "#4a7eee",
      "#3067dd",
      "#1d53c4",
      "#1947a8",
      "#143a8a",
    ],
  },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Button: Button.extend({ defaultProps: { size: "xs", variant: "default" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 28, variant: "subtle", color: "gray" } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: "xs" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "xs" } }),
  },
});

/** Points Mantine's own variables to our tokens, so that each colour is said once. */
export const cssVariables: CSSVariablesResolver = () => {
  const ours = {
    "--mantine-color-body": "var(--page)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--dim)",
    "--mantine-color-placeholder": "var(--dim)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-error": "var(--red)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--line-strong)",
    "--mantine-color-gray-light-color": "var(--dim)",
  };
  return { variables: {}, light: ours, dark: ours };
};

/** The nonce that allows Mantine's own style element; the server writes it into the page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}
