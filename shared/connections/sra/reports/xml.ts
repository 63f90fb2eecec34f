import { SaxesParser } from 'saxes';

/** XML of the reports, read row by row. Namespaces, comments and unknown attributes are ignored. */

/** An element without the prefix of its namespace. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text directly in it. */
  readonly text: string;
}

interface Growing extends XmlElement {
  readonly children: Growing[];
  text: string;
}

/** Deeper than any report. */
const MAX_DEPTH = 32;

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Reads a document: passes each child of its root, and returns the root without children. Raises an error for anything
 * that is not well-formed, for a document type, which could define entities, and for entities other than the five of
 * XML. The error can quote the text.
 */
export const readXml = (text: string, onRow: (row: XmlElement) => void): XmlElement => {
  const parser = new SaxesParser({ position: false });
  const open: Growing[] = [];
  let root: XmlElement | undefined;
  const refuse = (problem: string): never => {
    throw new Error(problem);
  };
  parser.on('doctype', () => refuse('It has a document type.'));
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length >= MAX_DEPTH) refuse('It is too deep.');
    const named = Object.entries(attributes).map(([key, value]) => [localName(key), value] as const);
    const element: Growing = { name: localName(name), attributes: new Map(named), children: [], text: '' };
    if (open.length > 1) open.at(-1)?.children.push(element);
    open.push(element);
  });
  const addText = (more: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += more;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    if (element === undefined) return;
    if (open.length === 0) root = element;
    if (open.length === 1) onRow(element);
  });
  parser.write(text).close();
  return root ?? refuse('It has no root.');
};

/** First child with a name. Pure. */
export const childOf = ({ children }: XmlElement, name: string): XmlElement | undefined =>
  children.find((child) => child.name === name);
