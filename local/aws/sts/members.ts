type Form = Readonly<Record<string, string>>;

/** The members of a list of texts, which the query protocol writes as `NAME.member.1` and so on. */
export const membersIn = (form: Form, name: string): string[] => {
  const members: string[] = [];
  for (let number = 1; ; number++) {
    const member = form[`${name}.member.${number}`];
    if (member === undefined) return members;
    members.push(member);
  }
};

/** The list `Tags`. */
export const tagsIn = (form: Form): { readonly Key: string; readonly Value: string }[] => {
  const tags = [];
  for (let number = 1; ; number++) {
    const [Key, Value] = [form[`Tags.member.${number}.Key`], form[`Tags.member.${number}.Value`]];
    if (Key === undefined || Value === undefined) return tags;
    tags.push({ Key, Value });
  }
};
