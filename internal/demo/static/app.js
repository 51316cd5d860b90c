// The page of the demo shop. The browser's cookie carries the session.
"use strict";
const $ = (id) => document.getElementById(id);
const say = (text) => { $("status").textContent = text; };
let page = 1;

async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const data = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${data.error}`);
  return data;
}

const attempt = (what) => (event) => {
  event?.preventDefault();
  return what(event).catch((error) => say(error.message));
};

async function showProducts() {
  const list = await call("GET", `/v2/products?page=${page}`);
  $("page").textContent = `${list.page} of ${list.pages}`;
  $("back").disabled = page === 1;
  $("next").disabled = page === list.pages;
  $("products").replaceChildren(...list.products.map((p) => {
    const card = document.createElement("article");
    const picture = Object.assign(document.createElement("img"), { src: p.image, alt: p.name });
    const title = Object.assign(document.createElement("h2"), { textContent: p.name });
    const price = Object.assign(document.createElement("p"), { textContent: `${(p.price_cents / 100).toFixed(2)} €` });
    const add = Object.assign(document.createElement("button"), { textContent: "Add to cart" });
    add.onclick = attempt(async () => {
      const cart = await call("POST", "/v2/cart/items", { product: p.id, quantity: 1 });
      say(`In the cart: ${cart.items.length} products, ${(cart.total_cents / 100).toFixed(2)} €`);
    });
    card.append(picture, title, price, add);
    return card;
  }));
}

async function showAccount() {
  const me = await call("GET", "/v2/me").catch(() => null);
  $("login").hidden = me !== null;
  $("account").hidden = me === null;
  $("name").textContent = me ? me.name : "";
}

$("login").onsubmit = attempt(async (event) => {
  await call("POST", "/v2/login", Object.fromEntries(new FormData(event.target)));
  say("Signed in.");
  await showAccount();
});
$("logout").onclick = attempt(async () => { await call("POST", "/v2/logout"); say("Signed out."); await showAccount(); });
$("order").onclick = attempt(async () => {
  const order = await call("POST", "/v2/orders");
  await call("POST", "/v2/payments", { order: order.id, card: { number: "4111111111111111", expiry: "12/28" } });
  say(`Order ${order.id} is paid. Nothing will arrive.`);
});
$("back").onclick = attempt(() => { page--; return showProducts(); });
$("next").onclick = attempt(() => { page++; return showProducts(); });
attempt(showProducts)();
attempt(showAccount)();
