// What a person reads of a component that keeps no state of its own.
//
// Puts nothing on a page: calls the components as Preact does and gathers what they say. Preact itself refuses hooks
// here, which need a page.

import { type ComponentChildren, type FunctionComponent, isValidElement, type VNode } from "preact";

/** An element as it would stand on the page. */
export type Element = VNode<{
  readonly children?: ComponentChildren;
  readonly [name: string]: unknown;
}>;

/** All elements, each before those inside it. */
export function elementsOf(node: ComponentChildren): Element[] {
  if (Array.isArray(node)) return node.flatMap(elementsOf);
  if (!isValidElement(node)) return [];
  const element = node as Element;
  const { type, props } = element;
  if (typeof type === "function") return elementsOf((type as FunctionComponent)(props));
  return [element, ...elementsOf(props.children)];
}

/** The words, in the order of the page. */
export function wordsOf(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(wordsOf).join("");
  if (typeof node === "string" || typeof node === "number") return String(node);
  if (!isValidElement(node)) return "";
  const { type, props } = node as Element;
  return typeof type === "function" ? wordsOf((type as FunctionComponent)(props)) : wordsOf(props.children);
}

/** The words of each element with this `data-testid`, in the order of the page. */
export function wordsBy(testId: string, node: ComponentChildren): string[] {
  return elementsOf(node)
    .filter(({ props }) => props["data-testid"] === testId)
    .map(wordsOf);
}
