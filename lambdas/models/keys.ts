import { openKeys as make } from '../adapters/model/tenant-keys.ts';

export const openKeys = make;
