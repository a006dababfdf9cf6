// Of pages about graphs: series and pairs by their place, and who looks at what.
(() => {
  const { data, namesOf, tell } = grngc;
  const pairs = data.pairs;
  const n = pairs.source.length;
  const { shown, name, alike } = namesOf(data.names);
  const arrow = (pair) => (pairs.lag[pair] === 0 ? " – " : " → ");
  const signClass = (sign) => (sign === "+" ? "plus" : sign === "-" ? "minus" : "mixed");
  const signWord = (sign) => (sign === "+" ? "+" : sign === "-" ? "−" : "±");
  const standsOut = (pair) => pair < data.standing_out;

  const between = new Map(); // target * series + source -> pair
  for (let k = 0; k < n; k += 1) between.set(pairs.target[k] * data.names.length + pairs.source[k], k);
  const pairOf = (source, target) => between.get(target * data.names.length + source);

  // What is looked at: one series, one pair, so many edges. Parts of the page listen.
  const state = { focus: null, pair: null, drawn: 0 };
  const look = (changes) => {
    Object.assign(state, changes);
    tell("look");
  };
  Object.assign(grngc, { pairs, n, shown, name, alike, arrow, signClass, signWord, standsOut, pairOf, state, look });
})();
