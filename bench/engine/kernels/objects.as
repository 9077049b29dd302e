// Many small allocations, pointers and virtual calls: trees of shapes.
abstract class Node {
  abstract sum(): i32;
}

class Leaf extends Node {
  constructor(public value: i32) {
    super();
  }

  sum(): i32 {
    return this.value;
  }
}

class Pair extends Node {
  constructor(public left: Node, public right: Node) {
    super();
  }

  sum(): i32 {
    return this.left.sum() + this.right.sum();
  }
}

function grow(depth: i32): Node {
  return depth == 0 ? new Leaf(depth + 1) : new Pair(grow(depth - 1), grow(depth - 1));
}

export function run(): i32 {
  let total = 0;
  for (let i = 0; i < 10; i++) total += grow(13).sum();
  return total;
}
