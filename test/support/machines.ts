import { definitionIn } from '#infra/definition.ts';
import { type Level, loadDefinition } from '#local/aws/step-functions/definition.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { aCheckoutConfig, aRotationConfig } from '#test/support/configs.ts';
import { synthesise } from '../infra/synthesis.ts';

const template = synthesise({ ...aCheckoutConfig(), rotations: aRotationConfig().rotations }).template.toJSON();

const machineOf = (machine: Machine): Level =>
  loadDefinition(machine, JSON.stringify(definitionIn(template, machine)), { waitScale: 0 });

/** The workflows of the synthesised template. Their retries do not wait. */
export const machines: Readonly<Record<'sync' | 'checkout' | 'release' | 'rotate', Level>> = {
  sync: machineOf('sync'),
  checkout: machineOf('checkout'),
  release: machineOf('release'),
  rotate: machineOf('rotate'),
};
