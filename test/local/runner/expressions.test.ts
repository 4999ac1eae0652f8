import { expect, test } from "vitest";
import { evaluateJson, evaluateText, isTrue, type Scope } from "./expressions.ts";
import { readCondition } from "./parser.ts";

const scope: Scope = {
  contexts: {
    inputs: { name: "it's", count: 3, flag: false, none: null, list: [1, 2] },
    env: { Path: "mixed", PATH: "upper" },
    github: { workspace: "/nowhere" },
  },
  success: () => true,
  failure: () => false,
  cancelled: () => false,
};

function expression(text: string): string {
  return `\${{ ${text} }}`;
}

test("a text that is one expression keeps its type, one that contains some becomes text", () => {
  expect(evaluateJson(expression("inputs.count"), scope)).toBe(3);
  expect(evaluateJson(expression("inputs.list"), scope)).toEqual([1, 2]);
  expect(
    evaluateText(`a ${expression("inputs.flag")} ${expression("inputs.none")}|${expression("inputs.count")}`, scope),
  ).toBe("a false |3");
  expect(() => evaluateText(expression("inputs.list"), scope)).toThrow("A text was expected");
});

test("every doubled quote of a string is one quote, and braces in it do not end the expression", () => {
  expect(evaluateText(expression("'it''s ''quoted'' }}'"), scope)).toBe("it's 'quoted' }}");
  expect(evaluateText(`{0} '${expression("format('{0} {{x}}', inputs.name)")}' }}`, scope)).toBe("{0} 'it's {x}' }}");
});

test("block texts keep their lines as YAML reads them", () => {
  expect(evaluateText(`first ${expression("inputs.count")}\n  second\n`, scope)).toBe("first 3\n  second\n");
});

test("names are case-insensitive except in the environment; unknown names are errors", () => {
  expect(evaluateText(expression("INPUTS.NAME"), scope)).toBe("it's");
  expect(evaluateText(`${expression("env.Path")} ${expression("env.PATH")} ${expression("env.path")}`, scope)).toBe(
    "mixed upper ",
  );
  expect(() => evaluateText(expression("secrets.X"), scope)).toThrow("Unrecognized named-value: 'secrets'");
});

test("conditions: the implied success(), markers or none, several lines", () => {
  expect(readCondition(undefined)).toBe("success()");
  expect(readCondition("inputs.flag")).toBe("success() && (inputs.flag)");
  expect(readCondition(expression("always() && inputs.flag"))).toBe("always() && inputs.flag");
  expect(readCondition("failure() ||\n  cancelled()\n")).toBe("failure() ||\n  cancelled()");
  expect(readCondition(false)).toBe("success() && (false)");
  expect(readCondition("inputs.name == 'always()'")).toBe("success() && (inputs.name == 'always()')");
  expect(isTrue(readCondition("inputs.count == '3'"), scope)).toBe(true);
  expect(isTrue(readCondition(false), scope)).toBe(false);
  expect(() => readCondition(`${expression("a")} == ${expression("b")}`)).toThrow("only one expression");
});
