;; Asks for a function that no ABI offers, so its upload is rejected and the report names it.
(module
  (import "env" "open_database" (func $open_database (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $open_database (i32.const 0) (i32.const 0)))))
