// Finding and making the elements of the page.

/**
 * The element with an id.
 *
 * @throws TypeError when the page has no such element, or one of another kind
 */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new TypeError(`The page has no ${kind.name} with the id "${id}".`)
}

/** Makes an element; `attributes` as in HTML, `children` as text or elements. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (string | Node)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/** Sets a text only when it is another: a live region speaks again whenever its text is set. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A button that cannot be used now stays focusable: its `click` still comes, and has to be ignored. */
export function disable(button: HTMLElement, disabled: boolean): void {
  button.ariaDisabled = String(disabled)
}

/** Calls `listener` for each click on a button that can be used now. */
export function onClick(button: HTMLElement, listener: () => void): void {
  button.addEventListener('click', () => {
    if (button.ariaDisabled !== 'true') listener()
  })
}

/** Hours if there are any, minutes and seconds: `2:07`, `1:02:07`. */
export function clockTime(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const parts = hours > 0 ? [hours, minutes, seconds % 60] : [minutes, seconds % 60]
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}
