/// The version of all three programs; the two halves compare theirs.
package let programVersion = "0.1.0"
