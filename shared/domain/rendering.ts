import type { Content } from '#shared/domain/content.ts';
import { type Item, type Labels, textOf } from '#shared/domain/item.ts';
import { fillTemplate, parseTemplate } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';

/** A template, taken apart once and filled often. Raises `ConfigurationInvalid` when it is broken. */
export const compileTemplate = (template: string): ((textOf: (placeholder: string) => string) => string) => {
  const parsed = parseTemplate(template);
  if (!parsed.ok) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The template ${JSON.stringify(template)} is broken. Correct relay.yaml.`,
    );
  }
  return (textOf) => fillTemplate(parsed.parts, textOf);
};

/** What a rendering looks at of an item. */
type Rendered = Pick<Item, 'labels' | 'verbatim'>;

/** How a rule writes a secret's value around a credential. */
export interface Rendering {
  /** The value to deliver: a JSON object whose strings are escaped by the encoder, plain text, or the content as it is. */
  render(item: Rendered, content: Content): Secret<SecretContent>;
  /** Everything of the value but the credential, as text: it changes when the value has to be written anew. */
  fingerprint(item: Rendered): string;
}

/** A value as relay.yaml has it: a JSON object of templates, or one template for plain text. */
export type ValueTemplate = string | Readonly<Record<string, string>>;

/** What a sync, or one checkout, writes around credentials. */
export const createRendering = (template: ValueTemplate, checkoutId = ''): Rendering => {
  const compileText = textCompiler(checkoutId);
  const fill = typeof template === 'string' ? compileText(template) : compileObject(template, compileText);
  return {
    render: (item, content) => {
      if ('file' in content) return content.file;
      const { secret, passphrase } = content;
      if (item.verbatim === true) return secret;
      return secret.map((credential) => fill(item, { credential, passphrase: passphrase?.reveal() ?? '' }));
    },
    fingerprint: (item) => (item.verbatim === true ? 'as it is' : JSON.stringify([template, fill(item, NOTHING)])),
  };
};

/** A credential while it is written out. */
interface Parts {
  readonly credential: string;
  readonly passphrase: string;
}
const NOTHING: Parts = { credential: '', passphrase: '' };

type Fill = (item: Rendered, parts: Parts) => string;

const textCompiler =
  (checkoutId: string) =>
  (template: string): Fill => {
    const fill = compileTemplate(template);
    return ({ labels }, parts) => {
      const texts: Labels = { ...labels, ...parts, checkoutId };
      return fill((placeholder) => textOf(texts, placeholder));
    };
  };

const compileObject = (template: Readonly<Record<string, string>>, compileText: (text: string) => Fill): Fill => {
  const fields = Object.entries(template).map(([key, text]) => [key, compileText(text)] as const);
  return (item, parts) => JSON.stringify(Object.fromEntries(fields.map(([key, fill]) => [key, fill(item, parts)])));
};
