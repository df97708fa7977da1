import { randomBytes } from 'node:crypto';
import type { DemoUser } from '../connection.ts';
import { type DemoRole, userOf } from '../session.ts';

export const DEMO_TENANT = 'demo';
const ROLES: readonly DemoRole[] = ['submitter', 'approver', 'operator', 'auditor'];

/** One user for each role, with a password of 144 random bits that also meets Cognito's default password policy. */
export const demoUsers = (): readonly DemoUser[] =>
  ROLES.map((role) => ({
    username: userOf(role),
    password: `Aa1-${randomBytes(18).toString('base64url')}`,
    roles: [role],
  }));

/** A user as the pool is given it. */
export const poolUser = ({ username, password, roles }: DemoUser) => ({
  username,
  password,
  groups: roles,
  attributes: { 'custom:tenant': DEMO_TENANT },
});
