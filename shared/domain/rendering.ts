import type { Content } from '#shared/domain/content.ts';
import { applyFilter, type FilterName, isFilterName } from '#shared/domain/filters.ts';
import { type Item, type Labels, textOf } from '#shared/domain/item.ts';
import { fillTemplate, type Placeholder, parseTemplate, writePlaceholder } from '#shared/domain/template.ts';
import { isList, type ValueNode, type ValueTemplate } from '#shared/domain/value-template.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';

const invalid = (template: string): RelayError =>
  new RelayError('ConfigurationInvalid', `The template ${JSON.stringify(template)} is invalid. Correct relay.yaml.`);

/** Parses a template once, for filling it many times. Raises `ConfigurationInvalid` if it is invalid. */
export const compileTemplate = (template: string): ((textOf: (placeholder: Placeholder) => string) => string) => {
  const parsed = parseTemplate(template);
  if (!parsed.ok) throw invalid(template);
  return (textOf) => fillTemplate(parsed.parts, textOf);
};

/** Properties of an item that determine its value. */
type Rendered = Pick<Item, 'labels' | 'verbatim'>;

/** Rendering of a secret's value around a credential. */
export interface Rendering {
  /**
   * Returns the value to deliver: a JSON object with strings escaped by the encoder, plain text, or the content itself.
   * Raises `ValueNotText` if a filter cannot express what a placeholder inserts.
   */
  render(item: Rendered & Pick<Item, 'title'>, content: Content): Secret<SecretContent>;
  /**
   * Returns everything in the value but the credential and the texts that come with it. It changes if the value has to
   * be written again. Never throws, so that a label which a filter cannot express fails only its own delivery.
   */
  fingerprint(item: Rendered): string;
}

/** Creates the rendering of a sync or of one checkout. Raises `ConfigurationInvalid` if a template is invalid. */
export const createRendering = (template: ValueTemplate, checkoutId = ''): Rendering => {
  const compileText = textCompiler(checkoutId);
  const fill = typeof template === 'string' ? compileText(template) : compileMap(template, compileText);
  return {
    render: (item, content) => {
      if ('file' in content) return content.file;
      const { secret, passphrase, texts } = content;
      if (item.verbatim === true) return secret;
      return secret.map((credential) =>
        fill({ ...item.labels, ...texts }, { credential, passphrase: passphrase?.reveal() ?? '' }, (placeholder) => {
          throw notExpressible(item.title, placeholder);
        }),
      );
    },
    fingerprint: ({ verbatim, labels }) =>
      verbatim === true ? 'as it is' : JSON.stringify([template, fill(labels, NOTHING, (_placeholder, text) => text)]),
  };
};

/** A credential in plain text while it is rendered. */
interface Parts {
  readonly credential: string;
  readonly passphrase: string;
}
const NOTHING: Parts = { credential: '', passphrase: '' };

/** Replaces a text that a filter cannot express. */
type Otherwise = (placeholder: Placeholder, text: string) => string;

type Fill<T = string> = (labels: Labels, parts: Parts, otherwise: Otherwise) => T;

const notExpressible = (title: string, placeholder: Placeholder): RelayError =>
  new RelayError(
    'ValueNotText',
    `${title}: the text of ${writePlaceholder(placeholder)} has a character that the filter cannot express. Change it in the vault, or the filter in the rule's value.`,
  );

const filterOf = ({ filter }: Placeholder, template: string): FilterName => {
  if (filter === undefined) return 'raw';
  if (isFilterName(filter)) return filter;
  throw invalid(template);
};

const textCompiler =
  (checkoutId: string) =>
  (template: string): Fill => {
    const fill = compileTemplate(template);
    fill((placeholder) => filterOf(placeholder, template));
    return (labels, parts, otherwise) => {
      const texts: Labels = { ...labels, ...parts, checkoutId };
      return fill((placeholder) => {
        const text = textOf(texts, placeholder.placeholder);
        return applyFilter(filterOf(placeholder, template), text) ?? otherwise(placeholder, text);
      });
    };
  };

const compileMap = (template: ValueNode, compileText: (text: string) => Fill): Fill => {
  const fill = compileNode(template, compileText);
  return (...given) => JSON.stringify(fill(...given));
};

const compileNode = (node: ValueNode, compileText: (text: string) => Fill): Fill<ValueNode> => {
  if (typeof node === 'string') return compileText(node);
  if (typeof node !== 'object' || node === null) return () => node;
  if (isList(node)) {
    const fills = node.map((inner) => compileNode(inner, compileText));
    return (...given) => fills.map((fill) => fill(...given));
  }
  const fields = Object.entries(node).map(([key, inner]) => [key, compileNode(inner, compileText)] as const);
  return (...given) => Object.fromEntries(fields.map(([key, fill]) => [key, fill(...given)]));
};
