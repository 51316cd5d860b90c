import { describe, expect, test } from "vitest";
import { fields } from "./fields";
import { fieldsStarting, guess } from "./guess";

describe("guess", () => {
  test.each([
    ["404", "status", "404"],
    ["4XX", "status", "4xx"],
    ["400-499", "status", "400-499"],
    ["203.0.113.7", "ip", "203.0.113.7"],
    ["203.0.113.0/24", "ip", "203.0.113.0/24"],
    ["2001:db8::/32", "ip", "2001:db8::/32"],
    ["post", "method", "POST"],
    ["/users/*/orders", "endpoint", "/users/*/orders"],
    ["GET /users/{int}", "endpoint", "GET /users/{int}"],
    ["Shop.Example.com", "host", "shop.example.com"],
    ["*.example.com", "host", "*.example.com"],
    ["localhost.test:8080", "host", "localhost.test:8080"],
    ["9d71154dadd331c60b2f3a41c1d0e5aa", "session", "9d71154dadd331c60b2f3a41c1d0e5aa"],
    ["01jv3q7f2m9t4b8x00ab", "request", "01JV3Q7F2M9T4B8X00AB"],
    ["Mozilla/5.0 (X11; Linux x86_64)", "user_agent", "Mozilla/5.0 (X11; Linux x86_64)"],
    ["orders", "endpoint", "orders"],
    ["tenant=7", "context", "tenant=7"],
    ["query getUser", "graphql_operation", "query getUser"],
    ["maria@example.com", "user", "maria@example.com"],
  ])("reads %s as %s", (text, field, value) => {
    expect(guess(text)[0]).toEqual({ field, value });
  });

  test.each([
    ["host: a.example", "host", "a.example"],
    ["key:PHPSESSID", "key", "PHPSESSID"],
    ["user:maria", "user", "maria"],
    ["context:tenant=7", "context", "tenant=7"],
    ["GraphQL operation: query getUser", "graphql_operation", "query getUser"],
    ["mcp_name=search", "mcp_name", "search"],
    ["user agent: curl/8", "user_agent", "curl/8"],
    ["user_agent=curl/8", "user_agent", "curl/8"],
    ["IP: 10.0.0.1", "ip", "10.0.0.1"],
    ["session id: 9D71154dadd331c60b2f3a41c1d0e5aa", "session", "9d71154dadd331c60b2f3a41c1d0e5aa"],
  ])("takes the field that %s names", (text, field, value) => {
    expect(guess(text)).toEqual([{ field, value }]);
  });

  test.each(["", "   ", "status:", "host:  "])("guesses nothing from %j", (text) => {
    expect(guess(text)).toEqual([]);
  });

  test.each(["256.1.1.1", "10.0.0.0/33", "1.2.3.4/x"])("does not take %s for an address", (text) => {
    expect(guess(text).map((g) => g.field)).not.toContain("ip");
  });
});

describe("fieldsStarting", () => {
  test("knows fields by their name and by their label", () => {
    expect(fieldsStarting("st")).toEqual(["status"]);
    expect(fieldsStarting("user a")).toEqual(["user_agent"]);
    expect(fieldsStarting("")).toEqual(fields);
  });
});
