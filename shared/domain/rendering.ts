import type { Account } from '#shared/domain/account.ts';
import { fillTemplate, type Placeholder, parseTemplate } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret } from '#shared/secret.ts';

/** A template, taken apart once and filled often. Raises `ConfigurationInvalid` when it is broken. */
export const compileTemplate = (template: string): ((textOf: (placeholder: Placeholder) => string) => string) => {
  const parsed = parseTemplate(template);
  if (!parsed.ok) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The template ${JSON.stringify(template)} is broken. Correct relay.yaml.`,
    );
  }
  return (textOf) => fillTemplate(parsed.parts, textOf);
};

/** How a sync writes a secret's value around a credential. */
export interface Rendering {
  /** The value to deliver: a JSON object whose strings are escaped by the encoder, or plain text. */
  render(account: Account, credential: Secret): Secret;
  /** Everything of the value but the credential, as text: it changes when the value has to be written anew. */
  fingerprint(account: Account): string;
}

/** What a sync, or one checkout, writes around credentials. */
export const createRendering = (template: string | Readonly<Record<string, string>>, checkoutId = ''): Rendering => {
  const compileText = textCompiler(checkoutId);
  const fill = typeof template === 'string' ? compileText(template) : compileObject(template, compileText);
  return {
    render: (account, credential) => credential.map((text) => fill(account, text)),
    fingerprint: (account) => JSON.stringify([template, fill(account, '')]),
  };
};

type Fill = (account: Account, credential: string) => string;

const textCompiler =
  (checkoutId: string) =>
  (template: string): Fill => {
    const fill = compileTemplate(template);
    return (account, credential) =>
      fill((placeholder) => {
        if (placeholder === 'credential') return credential;
        return placeholder === 'checkoutId' ? checkoutId : String(account[placeholder]);
      });
  };

const compileObject = (template: Readonly<Record<string, string>>, compileText: (text: string) => Fill): Fill => {
  const fields = Object.entries(template).map(([key, text]) => [key, compileText(text)] as const);
  return (account, credential) =>
    JSON.stringify(Object.fromEntries(fields.map(([key, fill]) => [key, fill(account, credential)])));
};
