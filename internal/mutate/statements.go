package main

import (
	"go/ast"
	"go/token"
	"strings"
)

// list removes the statements of a block, one at a time. A removed statement stays
// behind "if false", so that what it uses is still used.
func (f *finder) list(statements []ast.Stmt) {
	for _, statement := range statements {
		if labeled, ok := statement.(*ast.LabeledStmt); ok {
			statement = labeled.Stmt
		}
		if kind := removal(statement); kind != "" && !f.sole[statement] {
			f.replace(kind, statement, "if false { "+f.text(statement)+" }")
		}
		switch statement := statement.(type) {
		case *ast.GoStmt:
			f.replace("go without go", statement, f.text(statement.Call))
		case *ast.AssignStmt:
			f.flipped(statement)
		}
	}
}

// removal names what is removed with the statement; "" means that it stays.
func removal(statement ast.Stmt) string {
	switch statement := statement.(type) {
	case *ast.ExprStmt:
		if call, ok := statement.X.(*ast.CallExpr); ok && calleeName(call) == "panic" {
			return "" // it often ends a function, and is reached through a condition
		}
		return "call removed"
	case *ast.AssignStmt:
		if statement.Tok == token.DEFINE {
			return ""
		}
		return "assignment removed"
	case *ast.IncDecStmt:
		return "assignment removed"
	case *ast.DeferStmt:
		return "defer removed"
	case *ast.GoStmt:
		return "go removed"
	case *ast.SendStmt:
		return "send removed"
	case *ast.BranchStmt:
		if statement.Tok == token.FALLTHROUGH {
			return ""
		}
		return statement.Tok.String() + " removed"
	}
	return ""
}

// flipped swaps true and false where a variable is declared: the declaration cannot
// be removed.
func (f *finder) flipped(statement *ast.AssignStmt) {
	if statement.Tok != token.DEFINE {
		return
	}
	for _, value := range statement.Rhs {
		switch f.text(value) {
		case "true":
			f.replace("false for true", value, "false")
		case "false":
			f.replace("true for false", value, "true")
		}
	}
}

// branch mutates an if statement.
func (f *finder) branch(statement *ast.IfStmt) {
	f.condition(statement.Cond)
	f.initial(statement.Init)
	if statement.Else == nil {
		// The condition that is false removes it, too.
		if len(statement.Body.List) == 1 {
			f.sole[statement.Body.List[0]] = true
		}
		return
	}
	f.add("else removed", statement.Body.End(), statement.Else.End(), "")
}

// initial removes the assignment before an if's condition.
func (f *finder) initial(statement ast.Stmt) {
	if assignment, ok := statement.(*ast.AssignStmt); ok && assignment.Tok != token.DEFINE {
		f.replace("assignment removed", assignment, "")
	}
}

// loop mutates a for statement. A condition that is true for ever is left out: it
// is always noticed, by a time limit.
func (f *finder) loop(statement *ast.ForStmt) {
	if statement.Cond != nil {
		f.replace("loop skipped", statement.Cond, "("+f.text(statement.Cond)+") && false")
		f.settled[statement.Cond] = true
		f.once(statement, statement.Body)
	}
}

// once ends a loop after its first round.
func (f *finder) once(loop ast.Node, body *ast.BlockStmt) {
	if n := len(body.List); n > 0 {
		switch body.List[n-1].(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
			return
		}
	}
	head, _, _ := strings.Cut(f.text(loop), "{")
	f.insert("loop ended after one round", body.Rbrace, "; break ", head)
}

// cases removes the cases of a switch, one value at a time. A switch without a tag
// has conditions for values.
func (f *finder) cases(tagless bool, body *ast.BlockStmt) {
	for _, statement := range body.List {
		clause, ok := statement.(*ast.CaseClause)
		if !ok {
			continue
		}
		switch {
		case tagless && clause.List != nil:
			for _, value := range clause.List {
				f.replace("case removed", value, "("+f.text(value)+") && false")
			}
		case len(clause.List) > 1:
			f.values(clause.List)
		default:
			f.add("case removed", clause.Pos(), clause.End(), "")
		}
	}
}

// values removes the values of one case.
func (f *finder) values(values []ast.Expr) {
	for i, value := range values {
		if i == 0 {
			f.add("case removed", value.Pos(), values[1].Pos(), "")
		} else {
			f.add("case removed", values[i-1].End(), value.End(), "")
		}
		f.mutants[len(f.mutants)-1].Text = oneLine(f.text(value), keyLimit)
	}
}

// clauses removes the cases of a select.
func (f *finder) clauses(body *ast.BlockStmt) {
	if len(body.List) < 2 {
		return
	}
	for _, clause := range body.List {
		f.add("case removed", clause.Pos(), clause.End(), "")
	}
}
