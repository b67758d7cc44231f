// The color of the brand: which text can be read on it, by the contrast of WCAG 2.

/** Text on the color, the lighter first: one of them has to be readable. */
const INKS = ['#ffffff', '#14171a'] as const

/** What WCAG 2 asks for text of any size (success criterion 1.4.3). */
const LEAST_CONTRAST = 4.5

/**
 * The color of the digits on the brand color. It fills the box of the code in light and in dark mail alike, so one contrast
 * holds for both.
 *
 * @param color `#rrggbb`
 * @returns undefined if neither white nor near-black reaches a contrast of 4.5:1 on it
 */
export function inkOn(color: string): string | undefined {
  return INKS.find(ink => contrastOf(ink, color) >= LEAST_CONTRAST)
}

/** The contrast ratio of two colors, from 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). */
export function contrastOf(one: string, other: string): number {
  const [first, second] = [luminanceOf(one), luminanceOf(other)]
  return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05)
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminanceOf(color: string): number {
  const channel = (start: number) => {
    const value = Number.parseInt(color.slice(start, start + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}
