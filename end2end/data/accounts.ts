/** The demonstration accounts of development mode. */
export interface Account {
  username: string;
  password: string;
  name: string;
  email: string;
}

export const ADA: Account = { username: 'ada', password: 'ada-loves-tea', name: 'Ada Lovelace', email: 'ada@example.com' };
/** Nobody yet: to sign up with. */
export const KATHERINE: Account = {
  username: 'katherine',
  password: 'orbits-by-hand-1962',
  name: 'Katherine Johnson',
  email: 'katherine@example.com',
};
export const GRACE: Account = {
  username: 'grace',
  password: 'grace-finds-bugs',
  name: 'Grace Hopper',
  email: 'grace@example.com',
};
