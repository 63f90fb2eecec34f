import { refuseMutations } from '#test/support/webhook-mutations.ts';

refuseMutations(400);
