import { definitionIn, type Workflow } from '#infra/definition.ts';
import { type Level, loadDefinition } from '#local/aws/step-functions/definition.ts';
import { aCheckoutConfig } from '#test/support/configs.ts';
import { synthesise } from '../infra/synthesis.ts';

const template = synthesise(aCheckoutConfig()).template.toJSON();

const machineOf = (workflow: Workflow): Level =>
  loadDefinition(workflow, JSON.stringify(definitionIn(template, workflow)), { waitScale: 0 });

/** The workflows that there are, out of the template; their retries come at once. */
export const machines: Readonly<Record<Workflow, Level>> = {
  sync: machineOf('sync'),
  checkout: machineOf('checkout'),
  release: machineOf('release'),
};
