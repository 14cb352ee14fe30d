/* SPDX-License-Identifier: Apache-2.0 */
/* The kit in our terms: every variant in colours of tokens.css, and the names of its close buttons. */
import {
  ActionIcon,
  Button,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Notification,
  PasswordInput,
  Select,
  TextInput,
  Tooltip,
  type VariantColorsResolver,
} from "@mantine/core";
import { text } from "./text/en.ts";

function tuple(name: string): MantineColorsTuple {
  return Array.from({ length: 10 }, () => `var(--${name})`) as unknown as MantineColorsTuple;
}

const variants: VariantColorsResolver = ({ color, variant }) => {
  const tone = color === "err" ? "err" : "accent";
  switch (variant) {
    case "filled":
      return {
        background: `var(--${tone})`,
        hover: `var(--${tone}-strong)`,
        color: `var(--on-${tone})`,
        border: "1px solid transparent",
      };
    case "subtle":
      return {
        background: "transparent",
        hover: "var(--sunken)",
        color: tone === "err" ? "var(--err)" : "var(--text)",
        border: "1px solid transparent",
      };
    default:
      return {
        background: "var(--surface)",
        hover: "var(--sunken)",
        color: "var(--text)",
        border: "1px solid var(--edge)",
      };
  }
};

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: 6,
  colors: { accent: tuple("accent"), err: tuple("err") },
  fontFamily: "var(--sans)",
  variantColorResolver: variants,
  respectReducedMotion: true,
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", size: "md" } }),
    Button: Button.extend({ defaultProps: { variant: "default", size: "sm" } }),
    /* Floating over what opened them, not glued to the line below it. */
    Menu: Menu.extend({ defaultProps: { offset: 4 } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { "aria-label": text.common.close } } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: "sm" } }),
    Select: Select.extend({ defaultProps: { size: "sm", allowDeselect: false } }),
    TextInput: TextInput.extend({ defaultProps: { size: "sm" } }),
    Tooltip: Tooltip.extend({
      defaultProps: { events: { hover: true, focus: true, touch: true }, withinPortal: false },
    }),
  },
});
