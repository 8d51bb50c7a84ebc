// Loaded into Azurite before it starts: finds a row by whichever of its two keys fewer rows share.
//
// Azurite 3.37.0 looks rows up by { RowKey, PartitionKey }, and LokiJS takes the index of the first one alone
// and walks all rows that have it. Where every call has a "turn-00000", writing a turn takes as long as there
// are calls. The order of the two changes nothing but that.
"use strict";

const loki = require("../../.azurite/node_modules/lokijs");

const find = loki.Collection.prototype.findOne;
loki.Collection.prototype.findOne = function (query) {
  if (query === undefined || Object.keys(query).sort().join() !== "PartitionKey,RowKey") {
    return find.call(this, query);
  }
  const [first, second] = ["PartitionKey", "RowKey"].sort((a, b) => shared(this, a, query) - shared(this, b, query));
  return find.call(this, { [first]: query[first], [second]: query[second] });
};

function shared(collection, key, query) {
  const [low, high] = collection.calculateRange("$eq", key, query[key]);
  return high - low;
}
