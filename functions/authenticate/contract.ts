import * as z from 'zod';
import { checkoutSteps } from '#shared/checkout-workflow.ts';
import { steps } from '#shared/workflow.ts';

export const contract = steps.authenticate;
export const checkoutContract = checkoutSteps.authenticate;

export const environment = z.object({
  RELAY_ID: z.string().min(1),
});
